// swift-tools-version: 6.2
import PackageDescription

/// Coverage-guided fuzzing of what reads bytes from the network: `Fuzz/run`. A package of its own, because everything in
/// it is built with the fuzzer's instrumentation; the module's sources are linked in, because `package` access ends at a
/// package's border.
let settings: [SwiftSetting] = [
    .strictMemorySafety(),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableExperimentalFeature("Lifetimes"),
    .unsafeFlags(["-sanitize=fuzzer,address", "-parse-as-library"]),
]

let package = Package(
    name: "gatehouse-fuzz",
    platforms: [.macOS(.v26)],
    targets: [
        .target(name: "HTTPWire", swiftSettings: settings),
        .target(name: "JSONStream", swiftSettings: settings),
        .executableTarget(
            name: "WireFuzzer", dependencies: ["HTTPWire"], swiftSettings: settings,
            linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address"])]),
        .executableTarget(
            name: "JSONFuzzer", dependencies: ["JSONStream"], swiftSettings: settings,
            linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address"])]),
    ],
    swiftLanguageModes: [.v6]
)
