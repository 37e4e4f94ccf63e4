"""Tours of published clients through the mock, each in an environment of its own: `make clients`.

`tours/` has a script for each client, which its environment runs; `requirements/` pins the versions. Nothing in
`tours/` may import this project.
"""
