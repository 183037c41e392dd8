#include "core/net/location/service_order.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace sipcm::net {
namespace {

using Service = ServiceQuery::Service;

std::vector<std::string> Targets(const std::vector<ServiceRecord>& services) {
  std::vector<std::string> targets;
  for (const ServiceRecord& service : services) targets.push_back(service.target);
  return targets;
}

// How often each comes first in so many draws.
std::map<std::string, int> FirstPlaces(const std::vector<ServiceRecord>& services, int draws) {
  SeededRandomSource random(11);
  std::map<std::string, int> first;
  for (int i = 0; i < draws; ++i) ++first[OrderServices(services, &random).front().target];
  return first;
}

TEST(ServiceOrderTest, ServiceNamesAreThoseOfRfc3263) {
  EXPECT_EQ(ServiceNameOf({"example.com", 0, Service::kSip}), "_sip._tcp.example.com");
  EXPECT_EQ(ServiceNameOf({"example.com", 0, Service::kSips}), "_sips._tcp.example.com");
}

TEST(ServiceOrderTest, LowerPriorityNumbersComeFirstWhateverTheirWeight) {
  SeededRandomSource random(1);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(
        Targets(OrderServices({{30, 9, 1, "c"}, {10, 0, 1, "a"}, {20, 65535, 1, "b"}}, &random)),
        (std::vector<std::string>{"a", "b", "c"}));
  }
}

TEST(ServiceOrderTest, WeightsGiveEachItsShare) {
  const std::map<std::string, int> first =
      FirstPlaces({{1, 60, 1, "a"}, {1, 30, 1, "b"}, {1, 10, 1, "c"}}, 100000);
  EXPECT_NEAR(first.at("a"), 60000, 1500);
  EXPECT_NEAR(first.at("b"), 30000, 1500);
  EXPECT_NEAR(first.at("c"), 10000, 1500);
}

TEST(ServiceOrderTest, TheSecondPlaceIsDrawnByWeightToo) {
  SeededRandomSource random(12);
  std::map<std::string, int> second;
  for (int i = 0; i < 50000; ++i) {
    const auto order =
        OrderServices({{1, 60000, 1, "a"}, {1, 30, 1, "b"}, {1, 10, 1, "c"}}, &random);
    if (order[0].target == "a") ++second[order[1].target];
  }
  EXPECT_NEAR(second.at("b") / static_cast<double>(second.at("c")), 3.0, 0.3);
}

TEST(ServiceOrderTest, WeightZeroIsChosenSeldomYetChosen) {
  const std::map<std::string, int> first = FirstPlaces({{1, 99, 1, "a"}, {1, 0, 1, "z"}}, 100000);
  EXPECT_NEAR(first.at("z"), 1000, 300);
}

TEST(ServiceOrderTest, WithoutWeightsTheOrderIsKept) {
  SeededRandomSource random(3);
  EXPECT_EQ(Targets(OrderServices({{1, 0, 1, "a"}, {1, 0, 1, "b"}, {1, 0, 1, "c"}}, &random)),
            (std::vector<std::string>{"a", "b", "c"}));
}

TEST(ServiceOrderTest, LargestWeightsDoNotOverflow) {
  const std::vector<ServiceRecord> services(500, {65535, 65535, 1, "a"});
  SeededRandomSource random(4);
  EXPECT_EQ(OrderServices(services, &random).size(), 500u);
}

TEST(ServiceOrderTest, RecordsWithoutATargetAreLeftOut) {
  SeededRandomSource random(1);
  EXPECT_TRUE(OrderServices({{0, 0, 0, ""}}, &random).empty());
}

TEST(ServiceOrderTest, TheBestFittingPointerLeads) {
  const std::vector<PointerRecord> pointers = {
      {20, 10, "s", "SIP+D2T", "later.example"},  {10, 50, "s", "SIP+D2T", "second.example"},
      {10, 40, "S", "sip+d2t", "first.example"},  {1, 1, "s", "SIP+D2U", "udp.example"},
      {1, 1, "u", "SIP+D2T", "not-s.example"},    {1, 1, "s", "SIP+D2T", ""},
      {30, 1, "s", "SIPS+D2T", "secure.example"},
  };
  EXPECT_EQ(ReplacementOf(pointers, Service::kSip), "first.example");
  EXPECT_EQ(ReplacementOf(pointers, Service::kSips), "secure.example");
  EXPECT_EQ(ReplacementOf({}, Service::kSip), "");
}

TEST(ServiceOrderTest, FamiliesComeByTurnsBeginningWithTheFirst) {
  std::vector<IpAddress> addresses;
  for (const char* text : {"2001:db8::1", "2001:db8::2", "2001:db8::3", "192.0.2.1"}) {
    addresses.push_back(*IpAddress::Parse(text));
  }
  std::vector<std::string> mixed;
  for (const IpAddress& ip : InterleaveFamilies(addresses)) mixed.push_back(ip.ToString());
  EXPECT_EQ(mixed,
            (std::vector<std::string>{"2001:db8::1", "192.0.2.1", "2001:db8::2", "2001:db8::3"}));
  EXPECT_TRUE(InterleaveFamilies({}).empty());
}

}  // namespace
}  // namespace sipcm::net
