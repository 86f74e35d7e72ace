"""Guards Haystack's `TransformersChatGenerator`, whose pipeline holds a model of this process once it is warm."""

from haystack.dataclasses import ChatMessage
from haystack_integrations.components.generators.transformers import TransformersChatGenerator

from guardbind import Guard
from guardbind.model.loading import resolve

ORDERS = {"lamp": "48213", "chair": "90577", "desk": "31846", "shelf": "31864", "sofa": "72205"}
FACTS = " ".join(f"The order number of the {thing} is {number}." for thing, number in ORDERS.items())


def main() -> None:
    generator = TransformersChatGenerator(
        task="text-generation",
        huggingface_pipeline_kwargs={"model": resolve("smollm2-135m"), "dtype": "float32"},
        generation_kwargs={"max_new_tokens": 24, "do_sample": False},
    )
    generator.warm_up()
    guard = Guard(generator.pipeline.model, generator.pipeline.tokenizer)
    for thing, number in ORDERS.items():
        messages = [ChatMessage.from_user(f"{FACTS}\nWhat is the order number of the {thing}?")]
        before = generator.run(messages)["replies"][0].text
        with guard.attached():
            after = generator.run(messages)["replies"][0].text
        print(f"right {number} | unguarded {before!r} | guarded {after!r}")


if __name__ == "__main__":
    main()
