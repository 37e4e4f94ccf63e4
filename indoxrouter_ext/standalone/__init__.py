"""The client of packages that stand alone: it calls operations as described, and knows nothing of one service.

The generator copies this folder, with the engine, the retry policy and the decoder of event streams, into packages made
from other descriptions. It may import those three and the generated package, and nothing else of this layer.
"""
