; The state of a `for` is a verdict byte, taken apart.
; CHECK-LABEL: define {{.*}}i8 @rel_predicate_1(
; CHECK:       getelementptr inbounds i8, ptr %sustained, i64 0
; CHECK:       %[[VERDICT:.*]] = zext i8 {{.*}} to i32
; CHECK:       icmp eq i32 %[[VERDICT]], 1
; CHECK:       icmp eq i32 %[[VERDICT]], 0
; CHECK:       lshr i32 %[[VERDICT]], 1
; CHECK:       ret i8
