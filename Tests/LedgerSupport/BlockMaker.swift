internal import Foundation
internal import NodeCrypto
package import NodeDomain
internal import NodeEncoding
package import NodeProtocol
internal import SwiftProtobuf
internal import TestSupport
internal import VmCore

/// Makes blocks of sends, one after the other; the same seed makes the same blocks.
package struct BlockMaker {
    private let world: World
    private let transactions: Int
    private let spoilt: Int
    private var dice: SplitMix
    private var beacon: Bytes32
    private var parent = Bytes32.zero
    private var height: UInt64 = 0
    private var time: UInt64
    private var nonces: [Int: UInt64] = [:]
    private var addresses: [Int: Address] = [:]

    /// The first block comes next.
    ///
    /// - Parameter spoilt: one in so many transactions is spoilt: its signature, its nonce or its amount; 0: none.
    package init(_ world: World, transactions: Int, spoilt: Int, seed: UInt64) {
        self.world = world
        self.transactions = transactions
        self.spoilt = spoilt
        dice = SplitMix(seed: seed)
        beacon = world.rules.firstBeacon
        time = world.time
    }

    /// The next block, of sends between accounts at random.
    package mutating func next() throws -> Spacenode_Vm_V1_Block {
        try next(with: try (0..<transactions).map { _ in try transaction() })
    }

    /// The next block, of these transactions.
    package mutating func next(with transactions: [[UInt8]]) throws -> Spacenode_Vm_V1_Block {
        height += 1
        time += world.rules.parameters.blockInterval
        let alpha = world.rules.beaconAlpha(height: height, last: beacon)
        guard let proof = VRF.prove(alpha, seed: World.vrfSeed), let beta = VRF.output(ofUnchecked: proof),
            let proposer = Ed25519.publicKey(seed: World.operatorSeed)
        else { throw WorldFault("libsodium does not start") }
        beacon = world.rules.beacon(after: beacon, beta: beta)
        var block = Spacenode_Vm_V1_Block()
        block.height = height
        block.timeMs = time
        block.parentHash = Data(parent.bytes)
        block.proposer = Data(proposer.bytes)
        block.items = [Data(BlockItem.system(SystemRecord(proof: proof)).bytes)]
        block.transactions = transactions.map { Data($0) }
        if height > 1 { block.present = Data([1]) }
        // Headers come later: any hash of the block tells it from another.
        parent = BLAKE3.hash(try block.serializedBytes())
        block.hash = Data(parent.bytes)
        return block
    }

    /// Goes on behind the blocks that a ledger has, whoever made them of the same operator.
    package mutating func resume(after info: Spacenode_Vm_V1_InfoReply) throws {
        guard info.height > height else { return }
        while height < info.height {
            height += 1
            let alpha = world.rules.beaconAlpha(height: height, last: beacon)
            guard let proof = VRF.prove(alpha, seed: World.vrfSeed), let beta = VRF.output(ofUnchecked: proof)
            else { throw WorldFault("libsodium does not start") }
            beacon = world.rules.beacon(after: beacon, beta: beta)
        }
        time = info.timeMs
        parent = Bytes32([UInt8](info.blockHash)) ?? .zero
    }

    private mutating func transaction() throws -> [UInt8] {
        let (sender, receiver) = (dice.below(world.accounts), dice.below(world.accounts))
        var nonce = nonces[sender] ?? 0
        var amount = 1 + dice.next() % 1_000_000
        let fault = spoilt > 0 && dice.below(spoilt) == 0 ? dice.below(3) : -1
        switch fault {
        case 0: break
        case 1: nonce = nonce > 0 ? nonce - 1 : nonce
        case 2: amount = World.balance * 1000
        default: break
        }
        let body = TransactionBody(
            principal: try address(sender), action: .spend(to: try address(receiver), amount: amount),
            nonce: nonce, gasPrice: 1)
        var signature = try world.sign(body, by: sender)
        if fault == 0 { signature[dice.below(64)] ^= 1 }
        if fault != 0, fault != 1 || nonce == (nonces[sender] ?? 0) { nonces[sender] = nonce + 1 }
        return SignedTransaction(body, .one(signature)).raw
    }

    private mutating func address(_ account: Int) throws -> Address {
        if let known = addresses[account] { return known }
        let address = try world.arguments(account).principal
        addresses[account] = address
        return address
    }
}

extension World {
    /// The signature of an account under a transaction.
    func sign(_ body: TransactionBody, by account: Int) throws -> [UInt8] {
        guard let signature = Ed25519.sign(rules.parameters.genesisID + body.scale, seed: seed(account))
        else {
            throw WorldFault("libsodium does not start")
        }
        return signature
    }

    /// A signed transaction of an account.
    package func transaction(
        of account: Int, _ action: TransactionAction, nonce: UInt64, price: UInt64 = 1
    ) throws -> [UInt8] {
        let body = TransactionBody(
            principal: try arguments(account).principal, action: action, nonce: nonce, gasPrice: price)
        return SignedTransaction(body, .one(try sign(body, by: account))).raw
    }
}
