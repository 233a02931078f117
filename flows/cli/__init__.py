"""The command line `agora`."""
