"""Guards LlamaIndex's `HuggingFaceLLM`, which takes a model of this process."""

from llama_index.llms.huggingface import HuggingFaceLLM

from guardbind import Guard, load

BADGES = {"Alice": "4417", "Bob": "8213", "Carol": "3352", "Dave": "9076", "Erin": "6641", "Frank": "1598"}
FACTS = " ".join(f"{name}'s badge number is {number}." for name, number in BADGES.items())


def main() -> None:
    model, tokenizer = load("smollm2-135m")
    llm = HuggingFaceLLM(model=model, tokenizer=tokenizer, max_new_tokens=6, generate_kwargs={"do_sample": False})
    guard = Guard(model, tokenizer)
    for name, number in BADGES.items():
        question = f"{FACTS}\nQuestion: What is the badge number of {name}?\nAnswer: The badge number of {name} is"
        before = llm.complete(question).text.strip()
        with guard.attached():
            after = llm.complete(question).text.strip()
        print(f"right {number} | unguarded {before!r} | guarded {after!r}")


if __name__ == "__main__":
    main()
