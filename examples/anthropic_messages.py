"""An unmodified Anthropic client, streamed, with labels that say whose call it is."""

import anthropic

client = anthropic.Anthropic(default_headers={"x-farthing-labels": "user=ann,run=poem-1"})

with client.messages.stream(
    model="claude-haiku-4-5",
    max_tokens=200,
    messages=[{"role": "user", "content": "Write four lines about small change."}],
) as stream:
    for text in stream.text_stream:
        print(text, end="", flush=True)
    usage = stream.get_final_message().usage

print(f"\n{usage.input_tokens} tokens in, {usage.output_tokens} out")
