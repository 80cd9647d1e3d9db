"""The models of bench/step-models.ts in other frameworks, as bench/step.ts times them: python peers.py PEER MODEL.

A contestant as bench/support/turns.ts describes it: one thread, one batch again and again, which lies in the framework's
own memory already.
"""

import functools
import json
import os
import sys
import time

os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import numpy as np

BATCH = 64
random = np.random.default_rng(0)


def weights(*shape):
    return (random.standard_normal(shape) * 0.05).astype(np.float32)


def integers(below, *shape):
    return random.integers(0, below, shape).astype(np.int32)


def mlp():
    return [weights(784, 256), weights(256), weights(256, 10), weights(10)], [weights(BATCH, 784), integers(10, BATCH)]


def cnn():
    parameters = [weights(3, 3, 1, 16), weights(16), weights(3, 3, 16, 32), weights(32), weights(7 * 7 * 32, 10), weights(10)]
    return parameters, [weights(BATCH, 28, 28, 1), integers(10, BATCH)]


def bag():
    return [weights(32_768, 16), weights(16, 2), weights(2)], [integers(32_768, BATCH, 64), integers(2, BATCH)]


def mf():
    parameters = [weights(2000, 32), weights(3000, 32), weights(2000), weights(3000)]
    return parameters, [integers(2000, BATCH), integers(3000, BATCH), weights(BATCH)]


MODELS = {"mlp": mlp, "adam": mlp, "cnn": cnn, "bag": bag, "mf": mf}


def torch_step(kind, compiled):
    import torch
    import torch.nn.functional as F

    torch.set_num_threads(1)
    parameters, batch = MODELS[kind]()
    # PyTorch's own layout: channels first.
    w = [torch.tensor(np.ascontiguousarray(p.transpose(3, 2, 0, 1)) if p.ndim == 4 else p, requires_grad=True) for p in parameters]
    x = [torch.tensor(values).long() if values.dtype == np.int32 else torch.tensor(values) for values in batch]
    if kind == "cnn":
        x[0] = x[0].permute(0, 3, 1, 2).contiguous()

    def loss():
        if kind in ("mlp", "adam"):
            return F.cross_entropy(F.relu(x[0] @ w[0] + w[1]) @ w[2] + w[3], x[1])
        if kind == "cnn":
            hidden = F.max_pool2d(F.relu(F.conv2d(x[0], w[0], w[1], padding=1)), 2)
            hidden = F.max_pool2d(F.relu(F.conv2d(hidden, w[2], w[3], padding=1)), 2)
            return F.cross_entropy(hidden.flatten(1) @ w[4] + w[5], x[1])
        if kind == "bag":
            return F.cross_entropy(F.embedding(x[0], w[0]).mean(1) @ w[1] + w[2], x[1])
        guess = (w[0][x[0]] * w[1][x[1]]).sum(1) + w[2][x[0]] + w[3][x[1]]
        return ((guess - x[2]) ** 2).mean()

    optimizer = torch.optim.Adam(w, 1e-3) if kind == "adam" else torch.optim.SGD(w, 0.05)
    forward = torch.compile(loss) if compiled else loss
    update = torch.compile(optimizer.step) if compiled else optimizer.step

    def step():
        optimizer.zero_grad()
        value = forward()
        value.backward()
        update()
        return value.item()

    return step


def tensorflow_step(kind, xla):
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    parameters, batch = MODELS[kind]()
    w = [tf.Variable(p) for p in parameters]
    x = [tf.constant(values) for values in batch]
    means = [tf.Variable(tf.zeros_like(p)) for p in parameters]
    squares = [tf.Variable(tf.zeros_like(p)) for p in parameters]
    time = tf.Variable(0.0)

    def entropy(logits):
        return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=x[1], logits=logits))

    def loss():
        if kind in ("mlp", "adam"):
            return entropy(tf.nn.relu(x[0] @ w[0] + w[1]) @ w[2] + w[3])
        if kind == "cnn":
            hidden = tf.nn.max_pool2d(tf.nn.relu(tf.nn.conv2d(x[0], w[0], 1, "SAME") + w[1]), 2, 2, "SAME")
            hidden = tf.nn.max_pool2d(tf.nn.relu(tf.nn.conv2d(hidden, w[2], 1, "SAME") + w[3]), 2, 2, "SAME")
            return entropy(tf.reshape(hidden, [BATCH, -1]) @ w[4] + w[5])
        if kind == "bag":
            return entropy(tf.reduce_mean(tf.gather(w[0], x[0]), 1) @ w[1] + w[2])
        match = tf.reduce_sum(tf.gather(w[0], x[0]) * tf.gather(w[1], x[1]), 1)
        guess = match + tf.gather(w[2], x[0]) + tf.gather(w[3], x[1])
        return tf.reduce_mean((guess - x[2]) ** 2)

    @tf.function(jit_compile=xla)
    def run():
        with tf.GradientTape() as tape:
            value = loss()
        gradients = tape.gradient(value, w)
        if kind == "adam":
            time.assign_add(1.0)
        for i, (parameter, gradient) in enumerate(zip(w, gradients)):
            if kind == "adam":
                means[i].assign(0.9 * means[i] + 0.1 * gradient)
                squares[i].assign(0.999 * squares[i] + 0.001 * gradient * gradient)
                rate = 1e-3 * tf.sqrt(1 - 0.999**time) / (1 - 0.9**time)
                parameter.assign_sub(rate * means[i] / (tf.sqrt(squares[i]) + 1e-8))
            elif isinstance(gradient, tf.IndexedSlices):
                parameter.scatter_sub(tf.IndexedSlices(0.05 * gradient.values, gradient.indices))
            else:
                parameter.assign_sub(0.05 * gradient)
        return value

    return lambda: float(run())


def jax_step(kind):
    import jax
    import jax.numpy as jnp

    parameters, batch = MODELS[kind]()
    x = [jnp.array(values) for values in batch]

    def entropy(logits, labels):
        return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(logits), labels[:, None], 1))

    def loss(w, x):
        if kind in ("mlp", "adam"):
            return entropy(jax.nn.relu(x[0] @ w[0] + w[1]) @ w[2] + w[3], x[1])
        if kind == "cnn":
            layout = ("NHWC", "HWIO", "NHWC")

            def layer(values, kernel, bias):
                values = jax.lax.conv_general_dilated(values, kernel, (1, 1), "SAME", dimension_numbers=layout)
                values = jax.nn.relu(values + bias)
                return jax.lax.reduce_window(values, -jnp.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "SAME")

            hidden = layer(layer(x[0], w[0], w[1]), w[2], w[3])
            return entropy(hidden.reshape(BATCH, -1) @ w[4] + w[5], x[1])
        if kind == "bag":
            return entropy(w[0][x[0]].mean(1) @ w[1] + w[2], x[1])
        guess = (w[0][x[0]] * w[1][x[1]]).sum(1) + w[2][x[0]] + w[3][x[1]]
        return jnp.mean((guess - x[2]) ** 2)

    @functools.partial(jax.jit, donate_argnums=0)
    def run(state, x):
        w, means, squares, time = state
        value, gradients = jax.value_and_grad(loss)(w, x)
        if kind == "adam":
            time = time + 1
            means = [0.9 * m + 0.1 * g for m, g in zip(means, gradients)]
            squares = [0.999 * s + 0.001 * g * g for s, g in zip(squares, gradients)]
            rate = 1e-3 * jnp.sqrt(1 - 0.999**time) / (1 - 0.9**time)
            w = [p - rate * m / (jnp.sqrt(s) + 1e-8) for p, m, s in zip(w, means, squares)]
        else:
            w = [p - 0.05 * g for p, g in zip(w, gradients)]
        return value, (w, means, squares, time)

    state = tuple([jnp.array(p) for p in parameters] if i == 0 else [jnp.zeros_like(p) for p in parameters] for i in range(3))
    state = (*state, 0.0)

    def step():
        nonlocal state
        value, state = run(state, x)
        return float(value)

    return step


PEERS = {
    "torch": lambda kind: torch_step(kind, compiled=False),
    "torch.compile": lambda kind: torch_step(kind, compiled=True),
    "tf.function": lambda kind: tensorflow_step(kind, xla=False),
    "XLA": lambda kind: tensorflow_step(kind, xla=True),
    "jax.jit": jax_step,
}


def main():
    step = PEERS[sys.argv[1]](sys.argv[2])
    for _ in range(20):
        step()
    print("ready", flush=True)
    for line in sys.stdin:
        end = time.perf_counter() + float(line)
        before = time.process_time()
        samples = 0
        while time.perf_counter() < end:
            step()
            samples += BATCH
        print(json.dumps({"samples": samples, "cpuSeconds": time.process_time() - before}), flush=True)


main()
