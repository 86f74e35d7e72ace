"""Guards smolagents' `TransformersModel`, which an agent calls once per step."""

from smolagents import TransformersModel

from guardbind import Guard
from guardbind.model.loading import resolve

ORDERS = {"lamp": "48213", "chair": "90577", "desk": "31846", "shelf": "31864", "sofa": "72205"}
FACTS = " ".join(f"The order number of the {thing} is {number}." for thing, number in ORDERS.items())


def main() -> None:
    model = TransformersModel(resolve("smollm2-135m"), torch_dtype="float32", max_new_tokens=24, do_sample=False)
    guard = Guard(model.model, model.tokenizer)
    for thing, number in ORDERS.items():
        question = f"{FACTS}\nWhat is the order number of the {thing}?"
        messages = [{"role": "user", "content": [{"type": "text", "text": question}]}]
        before = model.generate(messages).content
        with guard.attached():
            after = model.generate(messages).content
        print(f"right {number} | unguarded {before!r} | guarded {after!r}")


if __name__ == "__main__":
    main()
