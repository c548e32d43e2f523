"""Machine learning, NOT database tables: classifiers that read a text, and how they are trained, exported and measured.

Flow: `text` normalises -> `lexicon` (cues) and `onnx_reader` (MiniLM) read -> `app.domain.predictions.merge`.
Offline: `datasets` -> `train` -> `export` -> `evaluate`; only these import torch, inside functions.
"""
