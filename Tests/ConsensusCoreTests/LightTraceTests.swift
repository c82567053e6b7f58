import ConsensusCore
import NodeDomain
import Testing

private struct TraceFile: Decodable {
    struct Signed: Decodable {
        let header: HeaderRow
        let commit: CommitRow
    }
    struct Initial: Decodable {
        let signedHeader: Signed
        let nextValidatorSet: SetRow
        let trustingPeriod: Number
    }
    struct Input: Decodable {
        struct Block: Decodable {
            let signedHeader: Signed
            let validatorSet: SetRow
            let nextValidatorSet: SetRow
        }
        let block: Block
        let now: Moment
        let verdict: String
    }
    struct Trace: Decodable {
        let name: String
        let initial: Initial
        let input: [Input]
    }
    let singleStep: [Trace]
}

/// A commit as our certificate: all its votes have the header's time, which the trace's signatures have too.
private func certificate(_ commit: CommitRow, _ time: Timestamp, _ set: ValidatorSet) -> Certificate {
    let present = commit.votes.filter(\.isForBlock)
    var signatures: [Int: [UInt8]] = [:]
    for vote in present {
        #expect(vote.timestamp.time == time)
        let place = set.members.firstIndex { $0.address.description == vote.validatorAddress.lowercased() }
        // Who is in no set has no place: such votes make the certificate too long for its bitmap.
        signatures[place ?? set.count + signatures.count] = vote.bytes
    }
    // A commit has an entry for each member, voting or not.
    var members = MemberBitmap(count: commit.votes.count)
    let places = signatures.keys.sorted()
    for place in places { members.insert(place) }
    return Certificate(
        kind: .precommit, height: UInt64(commit.height.value), round: UInt32(commit.round),
        target: VotedBlock(block: commit.blockId.reference, time: time), members: members,
        signatures: places.compactMap { signatures[$0] })
}

/// The block; nil when its set is none.
private func lightBlock(_ block: TraceFile.Input.Block) throws -> LightBlock? {
    let header = try block.signedHeader.header.header()
    guard block.validatorSet.validators?.isEmpty == false else { return nil }
    let set = try block.validatorSet.set()
    return LightBlock(
        header: header, set: set, commit: certificate(block.signedHeader.commit, header.time, set),
        nextSet: block.nextValidatorSet.validators?.isEmpty == false ? try block.nextValidatorSet.set() : nil)
}

@Suite("Traces of the light client's specification")
struct LightTraceTests {
    @Test("each verdict of each trace")
    func traces() throws {
        let traces = try VectorFiles.read("light_client_mbt.json", as: TraceFile.self).singleStep
        #expect(traces.count == 41)
        var verdicts: [String: Int] = [:]
        for trace in traces {
            let rules = LightRules(
                trustingSeconds: trace.initial.trustingPeriod.value / 1_000_000_000, driftSeconds: 0)
            var trust = try LightTrust(
                header: try trace.initial.signedHeader.header.header(),
                nextSet: try trace.initial.nextValidatorSet.set())
            for input in trace.input {
                let verdict: String
                do throws(LightRefusal) {
                    guard let block = try? lightBlock(input.block) else { throw .set(0) }
                    trust = try trust.verified(block, now: input.now.time, rules: rules, by: ed25519)
                    verdict = "SUCCESS"
                } catch {
                    verdict = error.isForLackOfTrust ? "NOT_ENOUGH_TRUST" : "INVALID"
                }
                #expect(verdict == input.verdict, "\(trace.name)")
                verdicts[verdict, default: 0] += 1
            }
        }
        #expect(verdicts == ["SUCCESS": 44, "NOT_ENOUGH_TRUST": 42, "INVALID": 13])
    }
}
