"""Answers questions from notes with LangChain: traced, within a budget, and with another model as a fallback.

pip install indoxrouter-langchain 'indoxrouter[otel]' opentelemetry-sdk
python examples/rag_langchain.py "Who wrote the first program?"
"""

from __future__ import annotations

import sys

from indoxrouter import Budget, OpenTelemetryObserver
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnablePassthrough
from langchain_core.vectorstores import InMemoryVectorStore
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from indoxrouter_langchain import ChatIndoxRouter, IndoxRouterEmbeddings

NOTES = [
    "Ada Lovelace wrote the first program, for a machine that was never built.",
    "Grace Hopper wrote the first compiler in 1952.",
    "Bread needs flour, water, salt and time.",
]


def main(question: str) -> None:
    exporter = InMemorySpanExporter()  # in production, the OTLP exporter of your backend
    tracing = TracerProvider()
    tracing.add_span_processor(SimpleSpanProcessor(exporter))
    budget = Budget(usd=0.01)
    options = {"budget": budget, "observers": [OpenTelemetryObserver(tracing)]}

    store = InMemoryVectorStore(IndoxRouterEmbeddings(client_options=options))
    store.add_texts(NOTES)
    model = ChatIndoxRouter(
        model="openai/gpt-4o-mini",
        client_options={**options, "fallback_models": ["anthropic/claude-3-5-haiku"]},
    )
    prompt = ChatPromptTemplate.from_messages(
        [("system", "Answer from the notes. If they say nothing, say so.\n\n{notes}"), ("user", "{question}")]
    )
    notes = store.as_retriever(search_kwargs={"k": 2}) | (
        lambda found: "\n".join(n.page_content for n in found)
    )
    chain = {"notes": notes, "question": RunnablePassthrough()} | prompt | model | StrOutputParser()

    print(chain.invoke(question))
    print(f"\n${budget.spend.usd:.6f} of ${budget.usd:.2f} spent in {budget.spend.calls} calls")
    for span in exporter.get_finished_spans():
        milliseconds = (span.end_time - span.start_time) / 1e6
        print(f"  {milliseconds:6.1f} ms  {span.status.status_code.name:5}  {span.name}")


if __name__ == "__main__":
    main(" ".join(sys.argv[1:]) or "Who wrote the first program?")
