"""Networks that compute the same function, brought to one arrangement of their hidden units.

symmetries   which rearrangements leave a network's function as it is
units        networks by their units, and how these are rearranged
matching     the arrangement of a network that is nearest to another network
distances    how near networks are to each other once they are matched
procrustes   a population brought to one frame
frame        a zoo brought to the frame of its training networks
"""
