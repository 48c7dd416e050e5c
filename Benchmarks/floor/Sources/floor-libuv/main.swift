import FloorProxy

runLibuv()
