"""OpenAI's own client behind Farthing: nothing but the base URL leads it there (OPENAI_BASE_URL)."""

from openai import APIStatusError, OpenAI

client = OpenAI(default_headers={"x-farthing-labels": "team=examples,agent=openai"})
try:
    answer = client.chat.completions.with_raw_response.create(
        model="gpt-4o-mini",
        messages=[{"role": "user", "content": "In one sentence: what was a farthing?"}],
    )
except APIStatusError as refused:
    raise SystemExit(f"refused ({refused.status_code}, {refused.code}): {refused.message}") from refused

print(answer.parse().choices[0].message.content)
print("cost:", answer.headers.get("x-farthing-cost-usd"), "USD; call:", answer.headers.get("x-farthing-call-id"))
print("left in the tightest budget:", answer.headers.get("x-farthing-budget-remaining-usd", "no budget in dollars"))
