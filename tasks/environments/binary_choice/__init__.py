"""Binary choice: seats choose one of two options again and again, for nothing."""
