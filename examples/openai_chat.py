"""An unmodified OpenAI client. With OPENAI_BASE_URL at a gateway, every answer says what it cost and what is left."""

import openai

client = openai.OpenAI()
questions = ["What is a farthing?", "How many of them made a penny?", "Write a long poem about one."]

for question in questions:
    try:
        raw = client.chat.completions.with_raw_response.create(
            model="gpt-4o-mini", messages=[{"role": "user", "content": question}]
        )
    except openai.APIStatusError as refused:  # 402: said before anything was sent, and not retried
        print(f"{question}\n  refused: {refused.message}")
        break
    answer = raw.parse()
    cost = raw.headers.get("x-farthing-cost-usd", "unknown")
    left = raw.headers.get("x-farthing-budget-remaining-usd", "no limit")
    print(f"{question}\n  {answer.choices[0].message.content[:60]}…\n  cost ${cost}, left ${left}")
