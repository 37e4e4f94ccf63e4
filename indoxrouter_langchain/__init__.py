"""Chat models and embeddings of the IndoxRouter API for LangChain.

Public names: `ChatIndoxRouter`, `IndoxRouterEmbeddings`.
"""

from indoxrouter_langchain.chat import ChatIndoxRouter
from indoxrouter_langchain.embeddings import IndoxRouterEmbeddings

__all__ = ["ChatIndoxRouter", "IndoxRouterEmbeddings"]
