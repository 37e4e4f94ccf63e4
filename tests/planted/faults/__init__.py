"""The faults, one module for each subject.

A fault names a function or an attribute of the product and says in Python what it does instead. No module here imports
the product before its behaviour runs, and none holds source text, line numbers or paths of the product.
"""
