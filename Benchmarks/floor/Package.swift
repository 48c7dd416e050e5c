// swift-tools-version: 6.2
// Bare proxies that show what an event loop costs by itself, before any gateway is built on it.
// Not part of the product: a package of its own, so that nothing here is built or resolved with Gatehouse.

import PackageDescription

let settings: [SwiftSetting] = [
    .strictMemorySafety(),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

func bare(_ name: String) -> Target {
    .executableTarget(name: name, dependencies: ["FloorProxy"], swiftSettings: settings)
}

let nio: [Target.Dependency] = [
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOPosix", package: "swift-nio"),
]

let package = Package(
    name: "floor",
    dependencies: [.package(url: "https://github.com/apple/swift-nio", from: "2.101.2")],
    targets: [
        .systemLibrary(name: "CFloorLibuv", pkgConfig: "libuv", providers: [.apt(["libuv1-dev"]), .brew(["libuv"])]),
        .target(name: "FloorProxy", dependencies: ["CFloorLibuv"], swiftSettings: settings),
        bare("floor-epoll"),
        bare("floor-libuv"),
        bare("floor-embedded"),
        .executableTarget(name: "floor-nio", dependencies: nio, swiftSettings: settings),
        .executableTarget(
            name: "floor-nio-http1",
            dependencies: nio + [.product(name: "NIOHTTP1", package: "swift-nio")],
            swiftSettings: settings),
    ],
    swiftLanguageModes: [.v6]
)
