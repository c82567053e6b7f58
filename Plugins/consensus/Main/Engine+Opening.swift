internal import ConsensusCore
internal import Foundation
internal import Logging
internal import NodeBus
internal import NodeConfiguration
internal import NodeCrypto
internal import NodeDomain
internal import NodeEncoding
internal import NodeProtocol

extension Engine {
    /// Waits for ledger, signer and storage, brings the ledger to the newest stored block, and reads the log.
    func open() async throws -> (ConsensusLogReading, HeightContext) {
        let (file, info) = try await patiently("the ledger") { try await self.ledger.network() }
        if let acceptance { try await accept(acceptance, file.name) }
        key = try await patiently("the signer") { try await self.signer.key() }
        if key == nil { logger.warning("the signer has no keys: this node watches and takes no part") }
        let first = try await patiently("the ledger") { try await self.ledger.committees() }
        chain = ChainName(name: file.name, revision: first.revision)
        numbers = NetworkNumbers(file)
        let context = try await context(file, info, first)
        let (log, reading) = try LogFile.open(folder: folder)
        self.log = log
        return (reading, context)
    }

    /// The rules of the network.
    var rules: ConsensusRules { ConsensusRules(numbers) }

    /// At a start everybody may still be opening what is theirs; only a network that cannot be read stays so.
    private func patiently<Value: Sendable>(
        _ what: String, _ body: () async throws -> Value
    ) async throws -> Value {
        try await insist(what, unless: { $0 is ConfigurationError }, body)
    }

    // MARK: - Where the chain stands

    /// The height after the newest stored block, once the ledger has applied it.
    private func context(
        _ file: NetworkFile, _ info: Spacenode_Vm_V1_InfoReply, _ first: Committees
    ) async throws -> HeightContext {
        let parameters = Bytes32(SHA2.sha256(numbers.bytes)) ?? .zero
        guard let genesisRoot = Bytes32(info.appHash) else {
            throw ConsensusFault.refused("the ledger has no root")
        }
        var committees = first
        if committees.height == 0 {
            // Blocks that were stored and not applied come after genesis.
            let context = HeightContext(
                chain: chain.text, genesisTime: Timestamp(milliseconds: info.timeMs), appHash: genesisRoot,
                validators: committees.current, nextValidators: committees.next, parametersHash: parameters)
            beacon = committees.beacon
            watch(committees)
            return try await catchUp(context)
        }
        // The newest applied block says what the next header must; the ledger answers again for it.
        guard let decided = try await store.block(committees.height), let parts = BlockParts(decided.block)
        else {
            return try await catchUp(
                try await begin(behind: committees, appHash: genesisRoot, time: info.timeMs, parameters))
        }
        guard let last = committees.last else {
            throw ConsensusFault.refused("the ledger names no last committee")
        }
        var context = HeightContext(
            chain: chain.text, genesisTime: decided.block.header.time, appHash: genesisRoot,
            validators: committees.current, nextValidators: committees.next, parametersHash: parameters)
        context.height = committees.height + 1
        context.lastBlock = parts.reference
        context.lastTime = decided.block.header.time
        context.lastCommit = decided.commit
        context.lastValidators = last
        if committees.lastRevision != committees.revision {
            context.lastChain = ChainName(name: chain.name, revision: committees.lastRevision).text
        }
        context.rotation = committees.rotation
        let applied = try await ledger.again(decided, parts.reference)
        context.resultsHash = applied.resultsHash
        committees = applied.committees
        beacon = committees.beacon
        watch(committees)
        return try await catchUp(context)
    }

    /// Applies blocks that were stored before a crash.
    private func catchUp(_ start: HeightContext) async throws -> HeightContext {
        var context = start
        while let decided = try await store.block(context.height), let parts = BlockParts(decided.block) {
            logger.info("block \(context.height) was stored and not applied: it is applied now")
            let applied = try await ledger.apply(
                try Spacenode_Vm_V1_Block(decided.block, parts.reference, context))
            context = next(
                after: CertifiedBlock(
                    block: decided.block, reference: parts.reference, commit: decided.commit),
                on: context, applied, applied.committees)
        }
        return context
    }
}

extension NetworkNumbers {
    init(_ file: NetworkFile) {
        self.init(
            interval: file.parameters.blockInterval, precision: file.timing.precision,
            messageDelay: file.timing.messageDelay, propose: file.timing.propose,
            prevote: file.timing.prevote, precommit: file.timing.precommit)
    }
}
