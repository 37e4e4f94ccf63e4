"""The runtime that every generated module uses: codecs, models, operations, and one seam to HTTP.

Nothing here knows an endpoint or a schema; those arrive as data from the generated modules. Importing this
package imports none of its modules, so that each user pays only for what it touches.
"""
