"""What a description has to fulfil beyond its schemas: `x-` keys known and well formed, defaults that fit.

Rules report problems. Nothing is read into the package from here.
"""
