"""A chat on Streamlit that shows answers as they arrive, and what the session has cost.

    pip install streamlit==1.67.0
    streamlit run examples/streamlit_chat.py

Streamlit runs this file again for each message: the client is a cached resource, the conversation is in the session.
"""

from __future__ import annotations

import streamlit as st
from indoxrouter import Client, IndoxRouterError

MODELS = ["openai/gpt-4o-mini", "anthropic/claude-3-5-haiku"]


@st.cache_resource
def client() -> Client:
    """One client for all sessions: it may be used from many threads."""
    return Client(authenticate=False)


st.title("Chat")
model = st.sidebar.selectbox("Model", MODELS)
messages = st.session_state.setdefault("messages", [])
st.session_state.setdefault("cost", 0.0)
for message in messages:
    st.chat_message(message["role"]).write(message["content"])

if question := st.chat_input("Ask something"):
    messages.append({"role": "user", "content": question})
    st.chat_message("user").write(question)
    with st.chat_message("assistant"):
        try:
            with client().chat(messages, model=model, stream=True) as stream:
                answer = st.write_stream(stream.text_stream)
                st.session_state["cost"] += stream.response.cost or 0.0
            messages.append({"role": "assistant", "content": answer})
        except IndoxRouterError as error:
            messages.pop()  # so that the question can be asked again
            st.error(str(error))
st.sidebar.metric("Cost of this session", f"${st.session_state['cost']:.6f}")
