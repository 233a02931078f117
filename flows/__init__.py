"""When it is done: Prefect flows and the command line (``cli``).

- ``study``, ``stages``: the main flow and a subflow per stage. ``data``: the flows that bring data
  in and take it out. ``maintenance``: the flow that looks after a warehouse. ``requests``:
  parameters of flows, and their reports. ``deployments``: flows on a server, scheduled or served.
- ``naming``, ``endings``, ``sentences``: how runs are named, in which states they end, what is said
  of them.
- ``runners``: who works the shards of a step, this process or the workers of a cluster.
- ``meter``: how a run gets on. ``run_log``, ``progress_artifact``: what Prefect shows of it.
- ``running``: a run but for Prefect. ``resources``, ``session``, ``committing``: what a run holds
  open, shares and stores. ``only_run``: one run of a version at a time.
  ``expectations``: what it checks at the end of a stage. ``usability``: when a stage is stopped
  because its answers cannot be used.
- ``planning``: what is to do; ``recorded``: of a version on record; ``status``: how far it is.
  ``estimating``: what it will take. ``remaining``: what a run that was stopped leaves.
  ``catalogues``: what was imported, as studies name it.
- ``imports``, ``human_coding``: data and codes from outside. ``exports``: personas for others.
  ``archives``: versions of studies for others. ``leftovers``: what nothing needs any more.
  ``doctor``: whether everything is as a run needs it.
  ``instrument_file``: questionnaires of others as files that studies name.
  ``findings``, ``reporting``,
  ``report_file``, ``artifacts``: what was found. ``study_references``: studies as a command names
  them. ``files``: what commands write.
- ``settings``, ``version``: the libraries' defaults, this code. ``server``: the Prefect server of a
  run, a process of its own (``server_process``) where none is configured; ``reaching``: whether an
  address answers. ``secret_blocks``: keys that Prefect keeps.
"""
