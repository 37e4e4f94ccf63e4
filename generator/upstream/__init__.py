"""Everything that exists because of openapi-python-client: its parser's input and verdict, its templates.

No other folder translates for the parser, and nothing here decides how our code looks.
"""
