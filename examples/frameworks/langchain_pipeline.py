"""Guards LangChain's `HuggingFacePipeline`, which ends in the `generate` of a model in this process."""

from langchain_huggingface import HuggingFacePipeline

from guardbind import Guard
from guardbind.model.loading import resolve

BADGES = {"Alice": "4417", "Bob": "8213", "Carol": "3352", "Dave": "9076", "Erin": "6641", "Frank": "1598"}
FACTS = " ".join(f"{name}'s badge number is {number}." for name, number in BADGES.items())
QUESTIONS = [f"{FACTS}\nQuestion: What is the badge number of {n}?\nAnswer: The badge number of {n} is" for n in BADGES]


def main() -> None:
    llm = HuggingFacePipeline.from_model_id(
        model_id=resolve("smollm2-135m"),
        task="text-generation",
        model_kwargs={"dtype": "float32"},
        pipeline_kwargs={"max_new_tokens": 6, "do_sample": False, "return_full_text": False},
    )
    plain = llm.batch(QUESTIONS)
    with Guard(llm.pipeline.model, llm.pipeline.tokenizer).attached():
        guarded = llm.batch(QUESTIONS)
    for number, before, after in zip(BADGES.values(), plain, guarded, strict=True):
        print(f"right {number} | unguarded {before.strip()!r} | guarded {after.strip()!r}")


if __name__ == "__main__":
    main()
