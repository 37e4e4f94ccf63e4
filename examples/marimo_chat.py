"""A marimo notebook: compares the answers and the costs of models to one question.

pip install marimo==0.25.2
marimo edit examples/marimo_chat.py
"""

import marimo

app = marimo.App()


@app.cell
def _():
    import marimo as mo
    from indoxrouter import Client

    client = Client()
    return client, mo


@app.cell
def _(mo):
    question = mo.ui.text("Say hello.", label="Question", full_width=True)
    models = mo.ui.multiselect(
        ["openai/gpt-4o-mini", "openai/gpt-4o", "anthropic/claude-3-5-haiku"],
        value=["openai/gpt-4o-mini", "anthropic/claude-3-5-haiku"],
        label="Models",
    )
    mo.vstack([question, models])
    return models, question


@app.cell
def _(client, mo, models, question):
    answers = [
        client.chat([{"role": "user", "content": question.value}], model=model) for model in models.value
    ]
    rows = [
        {"model": model, "answer": answer.text, "cost in USD": answer.cost}
        for model, answer in zip(models.value, answers, strict=True)
    ]
    mo.ui.table(rows)
    return (rows,)


if __name__ == "__main__":
    app.run()
