"""When it is done: Prefect flows, deployments and the command line."""
