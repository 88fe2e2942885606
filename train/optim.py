"""Muon for the weight matrices, AdamW for the rest."""

import torch


class Muon:
    """Momentum orthogonalised by a Newton-Schulz iteration (Jordan et al. 2024); convolutions as matrices."""

    COEFFICIENTS = (3.4445, -4.7750, 2.0315)

    def __init__(self, params, momentum=0.95, weight_decay=0.05, steps=4):
        # (parameter, whether it is a transposed convolution: input channels first)
        self.params, self.momentum, self.weight_decay, self.steps = params, momentum, weight_decay, steps
        self.buffers = [torch.zeros_like(p) for p, _ in params]

    @torch.no_grad()
    def step(self, lr, peers):
        """Every process of `peers` has the same gradients and works out its share of the updates."""
        updates = []
        for (p, transposed), buffer in zip(self.params, self.buffers):
            if p.grad is None:
                continue
            buffer.lerp_(p.grad, 1 - self.momentum)
            if len(updates) % peers.count == peers.rank:
                updates.append((p, self.update(p.grad.lerp(buffer, self.momentum), transposed)))
            else:
                updates.append((p, torch.zeros_like(p)))
            p.grad = None
        peers.sum([update for _, update in updates])
        for p, update in updates:
            p.mul_(1 - lr * self.weight_decay).add_(update, alpha=-lr)

    def update(self, g, transposed):
        moved = g.transpose(0, 1) if transposed else g
        matrix = self.orthogonal(moved.reshape(moved.shape[0], -1))
        gain = max(1, matrix.shape[0] / matrix.shape[1]) ** 0.5
        update = (matrix * gain).reshape(moved.shape)
        return (update.transpose(0, 1) if transposed else update).contiguous()

    def orthogonal(self, g):
        a, b, c = self.COEFFICIENTS
        tall = g.shape[0] > g.shape[1]
        x = (g.T if tall else g).bfloat16()
        x = x / (x.norm() + 1e-7)
        for _ in range(self.steps):
            q = x @ x.T
            x = a * x + (b * q + c * (q @ q)) @ x
        return (x.T if tall else x).float()

    def state_dict(self):
        return {"buffers": self.buffers}

    def load_state_dict(self, state):
        for buffer, saved in zip(self.buffers, state["buffers"], strict=True):
            buffer.copy_(saved)


def build(model, lr, weight_decay):
    """The two optimisers. Predictors, tokens, norms, biases and the patch projection are AdamW's."""
    muon, decayed, plain = [], [], []
    for name, p in model.named_parameters():
        layer = name.split(".")[-2]
        adam = layer.startswith("conv_") and layer != "conv_layers"
        adam |= p.ndim < 2 or "token" in name or "projection" in name or "scale_" in name
        if not adam:
            muon.append((p, "deconv_layers" in name))
        elif p.ndim >= 2 and "token" not in name:
            decayed.append(p)
        else:
            plain.append(p)
    groups = [{"params": decayed, "weight_decay": weight_decay}, {"params": plain, "weight_decay": 0.0}]
    return Muon(muon, weight_decay=weight_decay), torch.optim.AdamW(groups, lr=lr, betas=(0.9, 0.98))
