from .forward import Module as Module
from .language_model import LanguageModel as LanguageModel
from .tap import ModelTap as ModelTap
from .tap import Reading as Reading
