"""torch's own tidying of an exported graph, but for folding batch normalisation into the convolutions before it.

A graph that was not folded holds every weight of its network bit for bit, so that a capsule keeps them once
(`shared_weights`); onnxruntime folds by itself when it loads, and predicts as fast. The list of passes is that of
`onnxscript.optimizer.optimize_ir`.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import onnx_ir


def tidy(model: "onnx_ir.Model") -> None:
    """Simplify the graph in place; the network's weights stay as they are."""
    import onnx_ir.passes.common as passes
    from onnx_ir.passes import PassManager, Sequential
    from onnxscript import optimizer, rewriter
    from onnxscript.rewriter.rules.common import _fuse_batchnorm

    folding = set(map(id, _fuse_batchnorm.rules))
    rules = [rule for rule in rewriter._DEFAULT_REWRITE_RULES if id(rule) not in folding]
    passes.InlinePass()(model)
    for _ in range(2):
        optimizer.fold_constants(model)
        PassManager(
            [rewriter.RewritePass(rules), passes.RemoveUnusedNodesPass(), passes.RemoveUnusedFunctionsPass(),  # type: ignore[no-untyped-call]

             passes.RemoveUnusedOpsetsPass()]
        )(model)  # fmt: skip
    Sequential(
        passes.RemoveUnusedNodesPass(),
        passes.LiftConstantsToInitializersPass(lift_all_constants=True, size_limit=0),
        passes.DeduplicateInitializersPass(),
        passes.CommonSubexpressionEliminationPass(),
        passes.OutputFixPass(),
        passes.NameFixPass(),
    )(model)
