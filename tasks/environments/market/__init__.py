"""Market: customers look for businesses, ask them, and pay for what they are offered."""
