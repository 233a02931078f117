"""Deployments: flows that Prefect runs on a schedule, from its UI or from the shell.

- ``plans``: what is deployed, as data. ``deploying``: puts it on a Prefect server, for workers.
  ``serving``: serves it from this process, without a worker.
- ``limits``: concurrency limits, which keep two runs of one study apart.
"""
