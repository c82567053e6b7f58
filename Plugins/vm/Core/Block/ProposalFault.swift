extension BlockOutcome {
    /// Why nobody should vote for the block, although it can be executed; nil: nothing speaks against it.
    ///
    /// A transaction without effect pays nothing, so that a proposer could fill blocks with them for free; none that keeps to the rules
    /// takes one in. A block that was decided is executed whatever it holds.
    package var proposalFault: String? {
        for (place, receipt) in receipts.enumerated() {
            if case .ineffective(let reason) = receipt.outcome {
                return "transaction \(place) of the block has no effect: \(reason)"
            }
        }
        return nil
    }
}
