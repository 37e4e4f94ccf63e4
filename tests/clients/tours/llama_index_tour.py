"""LlamaIndex, with `llama-index-llms-openai`, its look-alike class and `llama-index-embeddings-openai`."""

from llama_index.core import Document, VectorStoreIndex
from llama_index.core.agent.workflow import FunctionAgent
from llama_index.core.llms import ChatMessage
from llama_index.core.tools import FunctionTool
from llama_index.embeddings.openai import OpenAIEmbedding
from llama_index.llms.openai import OpenAI, OpenAIResponses
from llama_index.llms.openai_like import OpenAILike
from pydantic import BaseModel
from tour import KEY, V1, call, main, script

AT = {"api_base": V1, "api_key": KEY}
HELLO = [ChatMessage(role="user", content="Hello there")]


class Ticket(BaseModel):
    title: str
    urgent: bool


def get_order(id: str) -> str:
    """The state of an order."""
    return f"{id} is on its way"


def model():
    return OpenAI(model="gpt-4o", max_retries=0, **AT)


@call
def chat():
    script(text="It is raining.")
    assert model().chat(HELLO).message.content == "It is raining."


@call
def chat_streamed():
    script(text="It is raining.")
    assert "".join(chunk.delta or "" for chunk in model().stream_chat(HELLO)) == "It is raining."


@call
async def chat_async():
    script(text="It is raining.")
    assert (await model().achat(HELLO)).message.content == "It is raining."


@call
def complete():
    script(text="It is raining.")
    assert model().complete("Weather?").text == "It is raining."


@call
def text_model():
    script(text=" upon a time")
    assert OpenAI(model="gpt-3.5-turbo-instruct", max_tokens=20, **AT).complete("Once").text == " upon a time"


@call
def tool_called():
    script(tool_calls=[{"name": "get_order", "arguments": {"id": "A1"}}])
    found = model().predict_and_call([FunctionTool.from_defaults(get_order)], "Where is A1?")
    assert str(found) == "A1 is on its way"


@call
def parsed_into_a_model():
    script(parsed={"title": "Crash", "urgent": True})
    found = model().as_structured_llm(Ticket).complete("A crash").raw
    assert found == Ticket(title="Crash", urgent=True)


@call
async def agent():
    script(tool_calls=[{"name": "get_order", "arguments": {"id": "A1"}}])
    script(text="Shipped.")
    found = await FunctionAgent(tools=[get_order], llm=model(), streaming=False).run("Where is A1?")
    assert str(found) == "Shipped."


@call
def response():
    script(text="It is raining.")
    assert OpenAIResponses(model="gpt-4o", **AT).complete("Weather?").text == "It is raining."


@call
def look_alike():
    script(text="It is raining.")
    found = OpenAILike(model="anthropic/claude-sonnet-4-5", is_chat_model=True, **AT)
    assert found.complete("Weather?").text == "It is raining."


@call
def embeddings():
    found = OpenAIEmbedding(model="text-embedding-3-small", **AT).get_text_embedding_batch(["a", "b"])
    assert [len(vector) for vector in found] == [1536, 1536]


@call
def index_answers():
    script(text="On its way.")
    texts = [Document(text="order A1 is on its way"), Document(text="cats sleep all day")]
    index = VectorStoreIndex.from_documents(texts, embed_model=OpenAIEmbedding(**AT))
    found = index.as_query_engine(llm=model(), similarity_top_k=1).query("where is order A1")
    assert str(found) == "On its way."
    assert "A1" in found.source_nodes[0].text


main()
