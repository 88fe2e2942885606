"""Processes that share a step: each sees a part of the batch on a thread of its own, and gradients are averaged.

Two processes of one thread train faster than one of two: nobody waits at the end of every operator.
"""

import torch
import torch.distributed as dist


class Peers:
    """The processes of a run, this one being `rank` of `count`. Alone, nothing is sent."""

    def __init__(self, rank=0, count=1, rendezvous=None):
        self.rank, self.count = rank, count
        if count > 1:
            dist.init_process_group("gloo", init_method=f"file://{rendezvous}", rank=rank, world_size=count)

    @property
    def leads(self):
        """Whether this is the one that logs and writes."""
        return self.rank == 0

    def share(self, amount, step):
        """The part of `amount` things that is this process's; who takes what is left over changes with the step."""
        return (amount + (self.rank + step) % self.count) // self.count

    def agree(self, value):
        """What the leading process says, as all clocks differ."""
        if self.count == 1:
            return value
        said = torch.tensor([value], dtype=torch.float64)
        dist.broadcast(said, 0)
        return said.item()

    def sum(self, tensors):
        """Replaces every tensor by its sum over the processes, which must name the same ones."""
        if self.count == 1 or not tensors:
            return
        flat = torch.cat([t.flatten() for t in tensors])
        dist.all_reduce(flat)
        for tensor, part in zip(tensors, flat.split([t.numel() for t in tensors]), strict=True):
            tensor.copy_(part.view_as(tensor))

    def close(self):
        if self.count > 1:
            dist.destroy_process_group()
