"""What a /sandbox call answers when it can't be carried out."""


class Refused(Exception):
    """A call that can't be carried out: a 4xx status and one plain sentence."""

    def __init__(self, sentence: str, status: int = 400) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.status = status
