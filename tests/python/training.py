"""Times a training step of the forecaster's twin in PyTorch, and one of the Q-network's.

training.py SIZES.json     prints a line `NAME WAY MILLISECONDS` for each case: the median step

The network is that of trainer/src/model/forecaster.rs, written again: same sizes, dropout, loss, clipping and
AdamW. PyTorch and this machine's threads: `pip install torch`, `OMP_NUM_THREADS=2`.
"""
import json
import statistics
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

KERNELS, PATCH, HEADS = (3, 5, 7), 4, ((0, 6), (6, 12), (12, 24))


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value, self.output = (nn.Linear(width, width) for _ in range(4))

    def split(self, x):
        return x.unflatten(2, (self.heads, -1)).transpose(1, 2)

    def forward(self, queries, tokens):
        q, k, v = self.split(self.query(queries)), self.split(self.key(tokens)), self.split(self.value(tokens))
        mixed = F.scaled_dot_product_attention(q, k, v)
        return self.output(mixed.transpose(1, 2).flatten(2))


def feed_forward(width, inner):
    return nn.Sequential(nn.Linear(width, inner), nn.GELU(), nn.Linear(inner, width))


class Block(nn.Module):
    def __init__(self, s):
        super().__init__()
        self.norm_1, self.norm_2 = nn.LayerNorm(s["width"]), nn.LayerNorm(s["width"])
        self.attention = Attention(s["width"], s["heads"])
        self.feed_forward = feed_forward(s["width"], s["feed_forward"])
        self.dropout = nn.Dropout(s["dropout"])

    def forward(self, tokens):
        x = self.norm_1(tokens)
        tokens = tokens + self.dropout(self.attention(x, x))
        return tokens + self.dropout(self.feed_forward(self.norm_2(tokens)))


class Forecaster(nn.Module):
    def __init__(self, s):
        super().__init__()
        self.s, width = s, s["width"]
        self.convs = nn.ModuleList(nn.Conv1d(s["channels"], s["conv_channels"], k) for k in KERNELS)
        self.patch = nn.Linear(PATCH * len(KERNELS) * s["conv_channels"], width)
        self.season, self.context = nn.Linear(s["slot_width"], width), nn.Linear(s["context"], width)
        self.recent_tokens = s["levels"] * s["window"] // PATCH
        tokens = self.recent_tokens + s["slots"] + 1
        self.positions = nn.Parameter(0.02 * torch.randn(tokens, width))
        self.blocks = nn.ModuleList(Block(s) for _ in range(s["layers"]))
        self.norm, self.decoder_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.query = nn.Linear(s["calendar"], width)
        self.steps = nn.Parameter(0.02 * torch.randn(s["steps"], width))
        self.attention = Attention(width, s["heads"])
        self.copy_query, self.copy_key = nn.Linear(width, width), nn.Linear(width, width)
        self.null_score = nn.Parameter(torch.zeros(s["heads"]))
        self.copy_gain = nn.Parameter(torch.ones(s["heads"]) / s["heads"])
        self.decoder = feed_forward(width, s["feed_forward"])
        self.heads = nn.ModuleList(nn.Linear(width, len(s["quantiles"])) for _ in HEADS)
        n, median = len(s["quantiles"]), s["median"]
        spreads = [[float(q <= i < median) * -1 + float(q >= i > median) for q in range(n)] for i in range(n)]
        self.register_buffer("spreads", torch.tensor(spreads))

    def forward(self, recent, seasons, calendar, context):
        s, batch = self.s, recent.shape[0]
        window = recent.flatten(0, 1)
        scales = [conv(F.pad(window, (conv.kernel_size[0] - 1, 0))) for conv in self.convs]
        patches = F.gelu(torch.cat(scales, 1).transpose(1, 2)).reshape(batch, self.recent_tokens, -1)
        parts = [self.patch(patches), self.season(seasons), self.context(context.clamp(-5, 5)).unsqueeze(1)]
        tokens = torch.cat(parts, 1) + self.positions
        for block in self.blocks:
            tokens = block(tokens)
        tokens = self.norm(tokens)
        states = self.query(calendar) + self.steps + tokens[:, -1:]
        copied = self.copy(states, tokens, seasons)
        states = states + self.attention(states, tokens)
        states = states + self.decoder(self.decoder_norm(states))
        raw = torch.cat([head(states[:, a:b]) for head, (a, b) in zip(self.heads, HEADS)], 1)
        median = raw[..., s["median"] : s["median"] + 1] + copied
        return F.softplus(raw) @ self.spreads + median

    def copy(self, states, tokens, seasons):
        s, split = self.s, self.attention.split
        q = split(self.copy_query(states))
        k = split(self.copy_key(tokens[:, self.recent_tokens : self.recent_tokens + s["slots"]]))
        scores = q @ k.transpose(2, 3) / q.shape[-1] ** 0.5
        scores = scores + (seasons[:, None, None, :, -1] - 1) * 1e4
        null = self.null_score.view(1, -1, 1, 1).expand(*scores.shape[:3], 1)
        weights = torch.softmax(torch.cat([scores, null], 3), 3)[..., : s["slots"]]
        followed = seasons[:, :, s["slot_context"] : s["slot_context"] + s["steps"]].transpose(1, 2)[:, None]
        return ((weights * followed).sum(3) * self.copy_gain.view(1, -1, 1)).sum(1).unsqueeze(2)


def loss(forecast, truth, s):
    known = (~truth.isnan()).float()
    truth = truth.nan_to_num(0.0)
    error = (truth - forecast[..., s["median"]]) * known
    size = error.abs()
    inner = size.clamp_max(1.0)
    on_median = 0.2 * error.square() + 0.6 * size + 0.2 * (0.5 * inner.square() + size - inner)
    levels = torch.tensor(s["quantiles"])
    error = truth.unsqueeze(2) - forecast
    pinball = (error.clamp_min(0) * levels + error.clamp_max(0) * (levels - 1)).mean(2) * known
    return (on_median.sum() + 4.0 * pinball.sum()) / known.sum().clamp_min(1.0)


def forecaster_step(s, wrap):
    network = Forecaster(s)
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-4, weight_decay=0.01)
    batch = s["batch"]
    inputs = [torch.randn(batch, s["levels"], s["channels"], s["window"])]
    inputs += [torch.randn(batch, s["slots"], s["slot_width"]), torch.randn(batch, s["steps"], s["calendar"])]
    inputs += [torch.randn(batch, s["context"])]
    truth = torch.randn(batch, s["steps"])
    descent = wrap(lambda *inputs: loss(network(*inputs), truth, s))

    def step():
        optimizer.zero_grad()
        descent(*inputs).backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()

    return step


class NoisyLinear(nn.Module):
    """Factorised noise (Fortunato et al. 2018)."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.mean, self.spread = nn.Linear(inputs, outputs), nn.Linear(inputs, outputs)

    def forward(self, x):
        a, b = (torch.randn(n) for n in (x.shape[1], self.mean.out_features))
        a, b = a.sign() * a.abs().sqrt(), b.sign() * b.abs().sqrt()
        weight = self.mean.weight + self.spread.weight * torch.outer(b, a)
        return F.linear(x, weight, self.mean.bias + self.spread.bias * b)


class QNetwork(nn.Module):
    def __init__(self, s):
        super().__init__()
        first, second, last = s["hidden"]
        self.trunk = nn.Sequential(
            nn.Linear(s["observation"], first), nn.ReLU(), nn.Linear(first, second), nn.ReLU()
        )
        stream = lambda outputs: nn.Sequential(NoisyLinear(second, last), nn.ReLU(), NoisyLinear(last, outputs))
        self.value, self.advantage = stream(1), stream(s["actions"])

    def forward(self, x):
        x = self.trunk(x)
        advantage = self.advantage(x)
        return self.value(x) + advantage - advantage.mean(1, keepdim=True)


def q_network_step(s, wrap):
    online, target = QNetwork(s), QNetwork(s)
    optimizer = torch.optim.Adam(online.parameters(), lr=1e-4, eps=1.5e-4)
    state, following = torch.randn(s["batch"], s["observation"]), torch.randn(s["batch"], s["observation"])
    action = torch.arange(s["batch"]).unsqueeze(1) % s["actions"]
    values, values_of_target = wrap(online), wrap(target)

    def step():
        with torch.no_grad():
            best = values(following).argmax(1, keepdim=True)
            wanted = -1.0 + 0.97 * values_of_target(following).gather(1, best)
        optimizer.zero_grad()
        F.huber_loss(values(state).gather(1, action), wanted).backward()
        nn.utils.clip_grad_norm_(online.parameters(), 10.0)
        optimizer.step()
        with torch.no_grad():
            for slow, fast in zip(target.parameters(), online.parameters()):
                slow.lerp_(fast, 0.005)

    return step


def median_ms(step, warm_up, steps):
    for _ in range(warm_up):
        step()
    taken = []
    for _ in range(steps):
        start = time.perf_counter()
        step()
        taken.append(1000 * (time.perf_counter() - start))
    return statistics.median(taken)


def main():
    torch.manual_seed(1)
    with open(sys.argv[1]) as file:
        cases = json.load(file)
    for s in cases:
        for way, wrap in (("eager", lambda f: f), ("compile", torch.compile)):
            try:
                begin = q_network_step if "hidden" in s else forecaster_step
                print(s["name"], way, median_ms(begin(s, wrap), 1, s["timed"]), flush=True)
            except Exception as error:  # a compiler may be missing: the other way is told
                print(f"{s['name']} {way}: {type(error).__name__}: {error}".splitlines()[0], file=sys.stderr)


main()
