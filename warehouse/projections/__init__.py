"""Projections of the table models: DDL, Polars schemas, expectation suites, the reference page.

Pure functions of the models; nothing here touches a database.
"""
