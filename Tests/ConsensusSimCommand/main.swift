internal import ConsensusSim
import Foundation
let words = CommandLine.arguments
let from = UInt64(words[1])!, to = UInt64(words[2])!
let start = Date()
var events = 0, bad = 0, crashes = 0, evidence = 0, rounds: UInt32 = 0
for seed in from...to {
    let report = SimWorld(seed: seed, SimOptions(seed: seed)).run()
    events += report.events; crashes += report.crashes; evidence += report.evidence; rounds = max(rounds, report.highestRound)
    if !report.violations.isEmpty { bad += 1; if bad < 12 { print("seed \(seed): \(report.violations) \(SimOptions(seed: seed)) t=\(report.time)") } }
}
let seconds = Date().timeIntervalSince(start)
print("\(to - from + 1) seeds, \(bad) bad, \(events) events, \(crashes) crashes, \(evidence) evidence, highest round \(rounds), \(seconds) s")
if words.count > 3 { SimWorld.debug = true; let world = SimWorld(seed: from, SimOptions(seed: from)); print(world.run()); print(world.portrait) }
