"""One NVIDIA GPU: ALS by the CUDA solver of implicit, EASE by PyTorch; this machine does the rest."""

from engines.gpu.engine import GPUEngine, why_no_gpu

__all__ = ["GPUEngine", "why_no_gpu"]
