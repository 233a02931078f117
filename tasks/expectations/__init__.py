"""What data sets are expected to be: the suite of every stage, and what studies add to it.

``suites`` declares the suite of each stage, ``problems`` finds expectations that lead nowhere,
``arguments`` lists what Great Expectations offers, ``numbers`` holds contrasts and numbers against
what is expected of them, ``reproduction`` puts published numbers beside those found.
"""
