"""One thin file per stage: read, call pure functions, write.

Each module has ``run(study: StudyPaths, params: Params) -> None``.
"""
