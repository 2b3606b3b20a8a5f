; A chain of `and` clears causes once, at its end; where an `or` looks at an `and`, its causes are
; cleared before they are joined.
; CHECK-LABEL: define {{.*}}i8 @rel_predicate_0(
; CHECK-COUNT-3: fcmp ogt double
; CHECK:       and i1
; CHECK:       %[[NO:.*]] = or i1
; CHECK:       %[[ALL:.*]] = or i32
; CHECK-NEXT:  %[[BIT:.*]] = zext i1 %[[NO]] to i32
; CHECK-NEXT:  %[[MASK:.*]] = sub i32 %[[BIT]], 1
; CHECK-NEXT:  and i32 %[[ALL]], %[[MASK]]
; CHECK-NOT:   {{sub i32 .*, 1$}}
; CHECK:       ret i8

; CHECK-LABEL: define {{.*}}i8 @rel_predicate_1(
; CHECK:       %[[BOTH_NO:.*]] = or i1
; CHECK:       %[[BOTH:.*]] = or i32
; CHECK:       %[[THIRD:.*]] = zext i8 {{.*}} to i32
; CHECK:       %[[YES:.*]] = or i1
; CHECK:       and i1
; CHECK-NEXT:  %[[BOTH_BIT:.*]] = zext i1 %[[BOTH_NO]] to i32
; CHECK-NEXT:  %[[BOTH_MASK:.*]] = sub i32 %[[BOTH_BIT]], 1
; CHECK-NEXT:  %[[CLEARED:.*]] = and i32 %[[BOTH]], %[[BOTH_MASK]]
; CHECK-NEXT:  %[[JOINED:.*]] = or i32 %[[CLEARED]], %[[THIRD]]
; CHECK-NEXT:  %[[YES_BIT:.*]] = zext i1 %[[YES]] to i32
; CHECK-NEXT:  %[[YES_MASK:.*]] = sub i32 %[[YES_BIT]], 1
; CHECK-NEXT:  and i32 %[[JOINED]], %[[YES_MASK]]
; CHECK:       ret i8
