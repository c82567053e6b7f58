/// Work on a tree that asks for the nodes it needs and does no input or output itself.
///
/// Ask `need`, give all answers to `have`, and so on until nothing is needed.
package protocol TreeQuestions {
    /// The nodes wanted next, all at once; empty when the work is done.
    func need() -> [TreeNodeKey]

    /// Takes the nodes that were needed, in their order; nil where storage has none.
    ///
    /// - Throws: `TreeFault` when a node is missing or cannot be the one asked for. The questions are then
    ///   the same as before: they may be answered again.
    mutating func have(_ nodes: [TreeNode?]) throws(TreeFault)
}

extension TreeQuestions {
    /// Works to the end with nodes from memory.
    package mutating func run(_ node: (TreeNodeKey) -> TreeNode?) throws(TreeFault) {
        while true {
            let keys = need()
            if keys.isEmpty { return }
            try have(keys.map(node))
        }
    }
}
