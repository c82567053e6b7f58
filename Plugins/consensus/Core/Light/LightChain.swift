package import NodeDomain

/// A checkpoint and blocks from it on, as somebody hands them over.
package struct LightChain: Hashable, Sendable {
    /// Most blocks: a checkpoint lives eighteen days, which is fewer terms than this on any network.
    package static let mostBlocks = 65_536

    /// The block that is trusted by its hash, and those that follow, by height.
    package var blocks: [LightBlock]

    /// A chain of these blocks.
    package init(blocks: [LightBlock]) {
        self.blocks = blocks
    }

    /// The newest head that follows from a checkpoint.
    ///
    /// - Throws: `LightChainFault`, which names the block.
    package func verified(
        from checkpoint: LightCheckpoint, now: Timestamp, rules: LightRules = LightRules(),
        by check: SignatureCheck
    ) throws(LightChainFault) -> LightTrust {
        guard let first = blocks.first else { throw .empty }
        var trust: LightTrust
        do {
            trust = try LightTrust(first, at: checkpoint, by: check)
            // A chain of one block ends with the checkpoint, which must be young as well.
            if blocks.count == 1 { try trust.checkAge(now: now, rules: rules) }
        } catch {
            throw .refused(first.header.height, error)
        }
        for block in blocks.dropFirst() {
            do {
                trust = try trust.verified(block, now: now, rules: rules, by: check)
            } catch {
                throw .refused(block.header.height, error)
            }
        }
        return trust
    }
}

/// Why a chain leads to no head.
package enum LightChainFault: Error, Hashable, Sendable {
    /// It has no blocks.
    case empty
    /// The block at a height does not verify.
    case refused(UInt64, LightRefusal)
}

extension LightChainFault: CustomStringConvertible {
    /// What is wrong, where, and what to do.
    package var description: String {
        switch self {
        case .empty: "the chain has no blocks: its first one is the trusted head"
        case .refused(let height, let refusal): "block \(height): \(refusal)"
        }
    }
}
