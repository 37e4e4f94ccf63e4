"""Many requests at once: what `AsyncClient.map` loads when it is called. The distribution `indoxrouter-bulk`.

For callers: `results` (`MapResult`), `run` (`MapRun`), `tables` (files and frames), `journal`, `storage` (a journal in
S3 and elsewhere), `shared` (pace and budget of several processes).
"""
