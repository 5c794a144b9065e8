from hyperpipe.randomness import stream, torch_seed


def test_a_stream_is_its_name():
    assert stream(0, "zoo/a/init", 1).random() == stream(0, "zoo/a/init", 1).random()
    names = [(0, "a", 1), (1, "a", 1), (0, "b", 1), (0, "a", 2), (0, "a", "1"), (0, "a"), (0, "a", 1, 1)]
    assert len({stream(*name).random() for name in names}) == len(names)
    assert len({torch_seed(*name) for name in names}) == len(names)


def test_streams_are_the_same_on_every_machine():
    assert stream(0, "test").integers(0, 1000, 4).tolist() == [618, 963, 506, 706]
