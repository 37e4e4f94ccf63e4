"""Plants a fault before anything is imported; see `tests/planted/planting.py`. Python runs this module by itself."""

import os

if os.environ.get("PLANTED"):
    from tests.planted.planting import plant_from_environment

    plant_from_environment()
