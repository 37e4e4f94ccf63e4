"""How requests reach the network: the choice of an engine, the direct engine, and what a fork must not share.

Nothing here knows about tokens, retries, operations or JSON. The httpx engine lives in the runtime of the generated
package, because a standalone client uses it too.
"""
