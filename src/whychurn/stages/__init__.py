"""One thin file per stage: read, call pure functions, write.

Each module has ``run(study: Study, params: Params) -> None``.
"""
